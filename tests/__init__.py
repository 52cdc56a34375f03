"""Tests are sentences about the product; conftest.py starts the real parts they speak of."""
