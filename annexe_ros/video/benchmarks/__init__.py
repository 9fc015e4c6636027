"""EgoHOIBench, EgoMCQ, EPIC-KITCHENS-100 and EGTEA: metrics in numpy, readers, one runner, published figures."""
