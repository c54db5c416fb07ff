"""Import what is slow, and do once what is slow the first time; meant for a thread."""

import os

# Threads of torch that wait by spinning would take the processor from the page.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

import dashboard.pages.manifold
import dashboard.pages.train  # noqa: F401
from dashboard.viewing import mapper

# The first optimizer imports torch's compiler.
torch.optim.Adam([torch.zeros(1, requires_grad=True)], fused=True).step()
# Its process compiles UMAP, which takes longer than anyone would wait.
mapper()
