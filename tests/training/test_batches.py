import numpy as np
import torch

from aecore.training.batches import Batches

IMAGES = np.arange(10, dtype=np.uint8).reshape(10, 1, 1).repeat(4, 2)


def image_numbers(batches: Batches, steps: range) -> list[int]:
    return [round(255 * x) for step in steps for x in batches.at(step)[:, 0].tolist()]


def test_each_epoch_contains_every_image_once() -> None:
    batches = Batches(IMAGES, 4, 0)
    assert batches.per_epoch == 3
    assert [len(batches.at(step)) for step in range(4)] == [4, 4, 2, 4]
    assert batches.at(0).shape == (4, 4)
    for epoch in range(3):
        assert sorted(image_numbers(batches, range(3 * epoch, 3 * epoch + 3))) == list(range(10))


def test_order_differs_between_epochs_and_between_seeds() -> None:
    batches = Batches(IMAGES, 4, 0)
    orders = [image_numbers(batches, range(3)), image_numbers(batches, range(3, 6))]
    orders.append(image_numbers(Batches(IMAGES, 4, 1), range(3)))
    assert len({tuple(order) for order in orders}) == 3


def test_batch_does_not_depend_on_earlier_batches() -> None:
    first, second = Batches(IMAGES, 4, 0), Batches(IMAGES, 4, 0)
    before = torch.get_rng_state()
    assert image_numbers(first, range(8))[-4:] == image_numbers(second, range(7, 8))
    assert torch.equal(first.at(2), second.at(2))
    assert torch.equal(torch.get_rng_state(), before)


def test_batch_size_larger_than_the_dataset() -> None:
    assert Batches(IMAGES, 100, 0).per_epoch == 1
    assert len(Batches(IMAGES, 100, 0).at(5)) == 10
