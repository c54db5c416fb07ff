"""Registries of the choices of a setting, one module per setting.

An entry contains everything the program needs to know about a choice, so adding one takes a single
entry. These modules import torch only in functions, since declaring the settings does not need it.
"""
