"""How good an engine is: metrics in numpy, and a runner over the Interpreter protocol. Knows no model and no torch."""
