"""The meaning of an incident: pure Python, no I/O, no clock; shared by the server and the client."""
