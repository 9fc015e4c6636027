"""Messages to core and back: images, intrinsics, pairing, answers, markers, parameters. No engine is known here."""
