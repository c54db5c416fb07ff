"""The glossary of the Guide page, and the papers behind the methods."""

from collections.abc import Sequence

from aecore.i18n import N_, Message

GLOSSARY: Sequence[tuple[Message, Message]] = (
    (N_("Encoder"), N_("The half of the network that turns an image into a code.")),
    (
        N_("Decoder"),
        N_("The half that turns a code into an image; it mirrors the encoder."),
    ),
    (
        N_("Code"),
        N_("The activations in the middle of the network: a point of the latent space."),
    ),
    (N_("Latent space"), N_("The space of all codes, with one axis per unit.")),
    (N_("Bottleneck"), N_("The number of units in the code.")),
    (N_("Reconstruction"), N_("The image that the decoder produces from a code.")),
    (
        N_("Reconstruction error"),
        N_(
            "How far a reconstruction is from the clean image: the mean squared difference of "
            "their pixels."
        ),
    ),
    (
        N_("Validation error"),
        N_(
            "The error on training images that are held out, so that the network never learns "
            "from them. Runs are compared and chosen by it; test images then show how good the "
            "chosen one is."
        ),
    ),
    (
        N_("Corruption"),
        N_("Noise added to the input, from which the clean image is to be reconstructed."),
    ),
    (N_("Sparsity"), N_("Only a few code units are active per image.")),
    (N_("Probe set"), N_("The fixed images whose codes are followed on the map.")),
    (N_("Epoch"), N_("One pass over all training images.")),
    (N_("Step"), N_("One update of the weights, from one batch of images.")),
    (
        N_("Manifold"),
        N_("The thin, curved surface in the space of all images near which real images lie."),
    ),
)
"""Terms and their definitions."""

PAPERS: Sequence[tuple[Message, str]] = (
    (
        N_("Stacked"),
        "Hinton and Salakhutdinov (2006). Reducing the dimensionality of data with neural "
        "networks. Science 313.",
    ),
    (
        N_("Layer-wise pretraining"),
        "Bengio et al. (2007). Greedy layer-wise training of deep networks. NIPS 19.",
    ),
    (
        N_("Denoising"),
        "Vincent et al. (2008). Extracting and composing robust features with denoising "
        "autoencoders. ICML.",
    ),
    (N_("Sparse, KL"), "Ng (2011). Sparse autoencoder. CS294A lecture notes, Stanford."),
    (N_("Sparse, top-k"), "Makhzani and Frey (2013). k-sparse autoencoders. arXiv:1312.5663."),
)
"""Names of methods, and citations of the papers that introduced them, which are not translated."""
