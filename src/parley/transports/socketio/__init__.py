"""Socket.IO 5 on top of Engine.IO: a protocol core without I/O, connections, and the door. Knows no dialect."""
