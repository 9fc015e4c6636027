"""An engine on another machine: what goes over the wire, the client that the node runs, and the server on Ray Serve."""
