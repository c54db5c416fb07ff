"""What surrounds every page: sidebar, transport, notices."""
