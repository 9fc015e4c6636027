"""Visual tokens that carry the colour of what the label map saw."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.model

WIDTH = 12


@pytest.fixture
def colours():
    """Colours of 2 x 2 cells to a token, projected by the identity: channel c of cell k is value 4c + k."""
    from annexe_ros.model.connector import AnnexeColours

    module = AnnexeColours(2, WIDTH)
    module.projection.weight.data = torch.eye(WIDTH)
    return module.requires_grad_(False)


def test_a_token_shows_the_colour_of_each_of_its_cells(colours):
    image = torch.zeros(1, 3, 32, 32)
    cells = torch.rand(3, 2, 2)
    for row in range(2):
        for column in range(2):
            image[0, :, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = cells[:, row, column, None, None]
    shown = colours(image, torch.ones(1, 1, 8, 8))
    torch.testing.assert_close(shown, cells.reshape(1, 1, WIDTH))


def test_what_has_no_label_does_not_colour_what_has(colours):
    image, labelled = torch.full((1, 3, 32, 32), 0.9), torch.zeros(1, 1, 8, 8)
    image[..., 4:8, 4:12] = -0.4
    labelled[..., 1, 1:3] = 1
    shown = colours(image, labelled).view(3, 2, 2)
    torch.testing.assert_close(shown[:, 0, 0], torch.full((3,), -0.4))
    assert (shown.flatten(1)[:, 1:].abs() < 1e-6).all()


def test_an_untaught_model_says_nothing_of_colours(tiny_model):
    images = torch.rand(2, 3, 64, 64)
    assert not tiny_model.connector.colours(images, torch.ones(2, 1, 16, 16)).any()
