"""The frame around every page: sidebar, transport controls and notices."""
