"""Two processes with half a batch each have the loss and the gradients of one with the whole batch."""

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from annexe_ros.video.losses import Matches, ego_nce_plus, gather

pytestmark = pytest.mark.model
SAMPLES, WIDTH = 4, 6


def batch():
    generator = torch.Generator().manual_seed(3)
    video, text = torch.randn(2, SAMPLES, WIDTH, generator=generator).unbind()
    return video, text, torch.randn(SAMPLES, 2, WIDTH, generator=generator), torch.eye(SAMPLES)


def embedded(weight, rows):
    video, text, negatives, nouns = (part[rows] for part in batch())
    return Matches(*(torch.nn.functional.normalize(part @ weight, dim=-1) for part in (video, text, negatives)), nouns)


def in_process(rank, store, results):
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    weight = torch.eye(WIDTH, requires_grad=True)
    half = SAMPLES // 2
    loss = ego_nce_plus(gather(embedded(weight, slice(rank * half, (rank + 1) * half))))
    loss.backward()
    dist.all_reduce(weight.grad)
    results.put((loss.item(), (weight.grad / 2).tolist()))
    dist.destroy_process_group()


@pytest.mark.slow
def test_gathering_makes_one_batch_of_all(tmp_path):
    context = mp.get_context("spawn")
    results = context.SimpleQueue()
    mp.spawn(in_process, args=(tmp_path / "store", results), nprocs=2)
    weight = torch.eye(WIDTH, requires_grad=True)
    loss = ego_nce_plus(embedded(weight, slice(None)))
    loss.backward()
    for found, gradient in (results.get(), results.get()):
        assert found == pytest.approx(loss.item(), rel=1e-5)
        assert torch.allclose(torch.tensor(gradient), weight.grad, atol=1e-5)
