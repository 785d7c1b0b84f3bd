"""The training loop: Adam, early stopping, a checkpoint per epoch; knows neither network nor loss.

Everything random follows from (seed, epoch, step), so a training that was interrupted and resumed ends with
the same bits as one that was not. Runs on whatever device JAX finds.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from sluice_ml.errors import SluiceMlError
from sluice_ml.itransformer.network import Array, Params

#: a tree of arrays whose first dimension is the sample
Batch = Any
#: losses(params, batch, dropout key or None) -> one loss per sample, [batch]
Losses = Callable[[Params, Batch, Array | None], Array]
Indices = NDArray[np.int64]

_FORMAT = "sluice.io/checkpoint/v1"
#: steps between two looks at the loss: a look waits for the device
_LOOK_EVERY = 100
#: loss functions whose compiled programs are kept: compiling a small network takes longer than training it
_KEPT = 16


class Samples(Protocol):
    """What is learned from: a numbered set of samples that hands out batches."""

    def __len__(self) -> int:
        """How many there are."""

    def batch(self, at: Indices) -> Batch:
        """The samples with these numbers, stacked."""


@dataclass(frozen=True)
class Options:
    """How to train. `decay`: the learning rate is multiplied by it after each epoch (0.5 is the paper's).

    Training ends after `epochs`, or when the validation loss has not fallen for `patience` epochs. `clip`: the
    largest norm of a step's gradient; 0 leaves gradients as they are.
    """

    learning_rate: float = 1e-4
    batch: int = 32
    epochs: int = 10
    patience: int = 3
    decay: float = 0.5
    clip: float = 0.0

    def __post_init__(self) -> None:
        if min(self.batch, self.epochs, self.patience) < 1:
            raise ValueError("batch, epochs and patience are at least 1")
        if not (self.learning_rate > 0 and 0 < self.decay <= 1 and self.clip >= 0):
            raise ValueError("learning_rate > 0, 0 < decay <= 1, clip >= 0")


@dataclass(frozen=True)
class Epoch:
    """One line of progress; `number` counts from 1, losses are means over samples."""

    number: int
    train: float
    validation: float
    learning_rate: float
    best: bool

    def __str__(self) -> str:
        best = ", the best so far" if self.best else ""
        return (
            f"epoch {self.number}: training loss {self.train:.6g}, validation loss {self.validation:.6g}{best} "
            f"(learning rate {self.learning_rate:.3g})"
        )


@dataclass(frozen=True)
class Fitted:
    """The parameters with the lowest validation loss, and how training went. `stopped`: patience or epochs."""

    params: Params
    loss: float
    epochs: tuple[Epoch, ...]
    stopped: str


@dataclass(frozen=True)
class _State:
    """Where training stands after `len(epochs)` epochs."""

    params: Params
    optimiser: Any
    best_params: Params
    best_loss: float
    waited: int
    epochs: tuple[Epoch, ...]


def fit(
    losses: Losses,
    initial: Params,
    train: Samples,
    validation: Samples,
    options: Options,
    seed: int,
    *,
    checkpoint: Path | None = None,
    progress: Callable[[Epoch], None] = lambda _: None,
) -> Fitted:
    """Trains `initial`. What was compiled for `losses` is kept: hand over the same function, and it is compiled once.

    With a `checkpoint` the state is written there after each epoch, by rename; when the file exists already,
    training resumes from it. Raises SLU-7410 when there is nothing to learn from, SLU-7411 when training
    diverges, SLU-7412 when the checkpoint is damaged or belongs to another training.
    """
    if not (len(train) and len(validation)):
        raise SluiceMlError(
            "SLU-7410",
            f"{len(train)} samples to train on and {len(validation)} to validate on",
            "a sample needs look-back and horizon inside its split: give more data, or shorten them",
        )
    size = min(options.batch, len(train))
    optimiser, step = _compiled(losses, options.clip)
    mean = mean_loss(losses, options.batch)
    identity = _identity(options, seed, len(train), len(validation), initial)
    state = _State(initial, optimiser.init(initial), initial, math.inf, 0, ())
    if checkpoint is not None and checkpoint.exists():
        state = _read(checkpoint, identity, state)
    key = jax.random.key(seed)
    while (number := len(state.epochs) + 1) <= options.epochs and state.waited < options.patience:
        rate = options.learning_rate * options.decay ** (number - 1)
        order = np.random.default_rng([seed, number]).permutation(len(train))
        params, moments, total = state.params, state.optimiser, np.float32(0)
        steps = len(train) // size
        for i in range(steps):
            batch = train.batch(order[i * size : (i + 1) * size])
            at = np.array([number, i], np.uint32)
            params, moments, total = step(params, moments, total, batch, key, at, np.float32(rate))
            if (i + 1) % _LOOK_EVERY == 0:
                _refuse_divergence(float(total), number, rate, "training")
        train_loss = float(total) / steps
        _refuse_divergence(train_loss, number, rate, "training")
        validation_loss = mean(params, validation)
        _refuse_divergence(validation_loss, number, rate, "validation")
        best = validation_loss < state.best_loss
        epoch = Epoch(number, train_loss, validation_loss, rate, best)
        state = _State(
            params,
            moments,
            params if best else state.best_params,
            validation_loss if best else state.best_loss,
            0 if best else state.waited + 1,
            (*state.epochs, epoch),
        )
        if checkpoint is not None:
            _write(checkpoint, identity, state)
        progress(epoch)
    stopped = "patience" if state.waited >= options.patience else "epochs"
    return Fitted(state.best_params, state.best_loss, state.epochs, stopped)


@lru_cache(maxsize=_KEPT)
def _compiled(losses: Losses, clip: float) -> tuple[optax.GradientTransformation, Callable[..., Any]]:
    """The optimiser, and one step of it; the learning rate is applied by the step, since it changes by epoch."""
    optimiser = optax.chain(optax.clip_by_global_norm(clip) if clip else optax.identity(), optax.scale_by_adam())

    @jax.jit
    def step(
        params: Params, moments: Any, total: Array, batch: Batch, key: Array, at: Array, rate: Array
    ) -> tuple[Params, Any, Array]:
        key = jax.random.fold_in(jax.random.fold_in(key, at[0]), at[1])
        loss, gradient = jax.value_and_grad(lambda p: losses(p, batch, key).mean())(params)
        updates, moments = optimiser.update(gradient, moments, params)
        return jax.tree.map(lambda p, u: p - rate * u, params, updates), moments, total + loss

    return optimiser, step


@lru_cache(maxsize=_KEPT)
def _total(losses: Losses) -> Callable[[Params, Batch, NDArray[np.bool_]], Array]:
    """The sum of the losses that a mask leaves."""
    return jax.jit(lambda params, batch, mask: jnp.where(mask, losses(params, batch, None), 0.0).sum())


def mean_loss(losses: Losses, batch: int) -> Callable[[Params, Samples], float]:
    """The mean loss over all samples, none left out whatever the size of a batch."""
    total = _total(losses)

    def mean(params: Params, samples: Samples) -> float:
        # sums of a batch in float32, their sum in float64
        sums = [total(params, samples.batch(at), mask) for at, mask in batches(len(samples), batch)]
        return math.fsum(float(s) for s in sums) / len(samples)

    return mean


def batches(count: int, size: int) -> Iterator[tuple[Indices, NDArray[np.bool_]]]:
    """All of `count` numbers in order, in batches of one size; what pads the last one is masked out."""
    for start in range(0, count, size):
        at = np.arange(start, start + size)
        yield np.minimum(at, count - 1), at < count


def _refuse_divergence(loss: float, epoch: int, rate: float, what: str) -> None:
    if not math.isfinite(loss):
        raise SluiceMlError(
            "SLU-7411",
            f"training diverged: the {what} loss is {loss} in epoch {epoch} at a learning rate of {rate:.3g}",
            "look for infinite values in the data; else a smaller learning rate, or gradients clipped",
        )


def _identity(options: Options, seed: int, train: int, validation: int, params: Params) -> dict[str, Any]:
    """What must be equal for a checkpoint to be of this training; its length may differ."""
    return {
        "options": asdict(replace(options, epochs=1, patience=1)),
        "seed": seed,
        "samples": [train, validation],
        "shapes": [list(leaf.shape) for leaf in jax.tree.leaves(params)],
    }


def _write(file: Path, identity: dict[str, Any], state: _State) -> None:
    about = {
        "format": _FORMAT,
        "identity": identity,
        "bestLoss": state.best_loss,
        "waited": state.waited,
        "epochs": [asdict(e) for e in state.epochs],
    }
    leaves = jax.tree.leaves((state.params, state.optimiser, state.best_params))
    arrays: dict[str, Any] = {f"leaf{i:04d}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(file.name + ".tmp")
    with temporary.open("wb") as out:
        np.savez(out, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)
    temporary.replace(file)


def _read(file: Path, identity: dict[str, Any], fresh: _State) -> _State:
    """Reads a checkpoint into the shape of `fresh`."""
    leaves, shape = jax.tree.flatten((fresh.params, fresh.optimiser, fresh.best_params))
    try:
        # opened here: of a damaged file, numpy would leave its own handle open
        with file.open("rb") as stored, np.load(stored, allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            if about["format"] != _FORMAT:
                raise ValueError(f"its format is {about['format']!r}, not {_FORMAT}")
            if about["identity"] != json.loads(json.dumps(identity)):
                raise ValueError("it belongs to a training with other options, another seed or other data")
            found = [jnp.asarray(arrays[f"leaf{i:04d}"], leaf.dtype) for i, leaf in enumerate(leaves)]
        params, optimiser, best = jax.tree.unflatten(shape, found)
        return _State(
            params,
            optimiser,
            best,
            float(about["bestLoss"]),
            int(about["waited"]),
            tuple(Epoch(**e) for e in about["epochs"]),
        )
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as e:
        raise SluiceMlError(
            "SLU-7412", f"cannot resume from the checkpoint {file.name}: {e}", "remove it to start afresh"
        ) from e
