"""Contrastive training of the clip encoder on generated clips."""
