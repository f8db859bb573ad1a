"""The routing policy as a document: text in, decisions out, without I/O, clock or chance."""
