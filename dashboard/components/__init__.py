"""Streamlit components: a folder each, with its Python, JavaScript and styles."""
