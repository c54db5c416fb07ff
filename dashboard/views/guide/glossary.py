"""The words of the field, and the papers behind the methods."""

from collections.abc import Mapping, Sequence

GLOSSARY: Mapping[str, str] = {
    "Encoder": "The half of the network that turns an image into a code.",
    "Decoder": "The half that turns a code into an image; it mirrors the encoder.",
    "Code": "The numbers in the middle of the network: a point of the latent space.",
    "Latent space": "The space of all codes, with an axis for each unit.",
    "Bottleneck": "How many numbers the code has.",
    "Reconstruction": "The image that the decoder makes of a code.",
    "Reconstruction error": "How far a reconstruction is from the clean image: the mean squared "
    "difference of their pixels. Held-out error is that of images it never learnt from.",
    "Corruption": "Noise put on the input, from which the clean image is to be rebuilt.",
    "Sparsity": "That only few units of the code are active for an image.",
    "Probe set": "The fixed images whose codes are followed on the map.",
    "Epoch": "One pass over all training images.",
    "Step": "One change of the weights, made from one batch of images.",
    "Manifold": "The thin, curved sheet in the space of all images near which the real ones lie.",
}

PAPERS: Sequence[tuple[str, str]] = (
    (
        "Stacked",
        "Hinton and Salakhutdinov (2006). Reducing the dimensionality of data with neural "
        "networks. Science 313.",
    ),
    (
        "Layer-wise pretraining",
        "Bengio et al. (2007). Greedy layer-wise training of deep networks. NIPS 19.",
    ),
    (
        "Denoising",
        "Vincent et al. (2008). Extracting and composing robust features with denoising "
        "autoencoders. ICML.",
    ),
    ("Sparse, KL", "Ng (2011). Sparse autoencoder. CS294A lecture notes, Stanford."),
    ("Sparse, top-k", "Makhzani and Frey (2013). k-sparse autoencoders. arXiv:1312.5663."),
)
"""Of each method its name, and the paper that it comes from."""
