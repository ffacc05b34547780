"""Engine.IO 4: a protocol core without I/O, its links, and the ASGI door that carries them. Knows no Socket.IO."""
