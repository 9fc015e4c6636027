"""Following a procedure live: the step that is done, what comes next, and the place in a demonstration."""
