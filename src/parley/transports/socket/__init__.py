"""Conversations over socket.io: both dialects on one path. Knows no Engine.IO and no bytes."""
