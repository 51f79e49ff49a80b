"""The thin shell that puts incidents on sockets and disks; it names no entity."""
