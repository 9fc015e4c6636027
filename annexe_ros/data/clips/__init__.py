"""Generated clips: a hand does one thing with one object, and the same film backwards shows another verb."""
