"""Architectures of the encoder and decoder."""

from collections.abc import Mapping

from aecore.i18n import N_
from aecore.knob import Choice, Requirement

ARCHITECTURES: Mapping[str, Choice] = {
    "dense": Choice(
        label=N_("Dense"),
        description=N_("layers see all pixels at once."),
        uses=("tied", "pretrain_epochs"),
    ),
    "convolutional": Choice(
        label=N_("Convolutional"),
        description=N_("layers see local patches and halve the resolution."),
        requires=(
            Requirement(
                "tied",
                (False,),
                N_(
                    "Tied weights are for dense networks; switch tied off, or set architecture to "
                    "dense."
                ),
            ),
            Requirement(
                "pretrain_epochs",
                (0,),
                N_(
                    "Layer-wise pretraining is for dense networks; set pretrain_epochs to 0, or "
                    "architecture to dense."
                ),
            ),
        ),
    ),
}
