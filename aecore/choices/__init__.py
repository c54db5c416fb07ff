"""What a setting can be chosen to be: one registry for each such setting.

An entry holds everything the program needs to know of a choice; adding one is one entry. These
modules do not import torch, since declaring the settings takes nothing but their names and texts.
"""
