"""The engine of Autoencoder Lab: datasets, autoencoders, their training and their runs.

The names offered here stay where they are when modules move; each is imported when it is first
used, so that the command line answers without importing torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
