"""torchvision's classification networks as backbones, without the classifier head."""

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from vectorae.encoders.rgb_backbone import RGBBackbone, keep_details, last_large
from vectorae.errors import UserError, choose
from vectorae.io.weights import downloading


class Torchvision(RGBBackbone):
    """A classification network of torchvision up to the last feature map of 4 × 4 or more; grey images become RGB.

    Args:
        channels: of the images.
        image_size: side of the images in pixels.
        name: as ``torchvision.models.list_models`` has it: ``resnet18``, ``convnext_tiny``, ``vit_b_16`` …
        weights: None is untrained; or ``DEFAULT``, ``IMAGENET1K_V1`` …, downloaded if necessary.
        view: side in pixels to which images are resized; by default theirs, or the smallest that the network takes.
        fetch: whether the weights are fetched; False where those of a checkpoint follow.

    Attributes:
        features: channels of the feature map, F.
        side: of the feature map, s.

    Raises:
        UserError: an unknown network or weights; weights that cannot be downloaded; a view that is too small.
    """

    def __init__(
        self,
        channels: int,
        image_size: int,
        name: str,
        weights: str | None = None,
        view: int | None = None,
        fetch: bool = True,
    ) -> None:
        least, exact = _sizes(name)
        view = view if view is not None else exact or max(image_size, least)
        if view < least or exact is not None and view != exact:
            raise UserError(f"view: {view} pixels, and {name} takes {exact or f'{least} or more'}")
        network = _network(name, weights, fetch)
        if weights is None:
            keep_details(network, view)
        super().__init__(channels, image_size, _up_to_map(network, view), view)

    def feature_map(self, images: Tensor) -> Tensor:
        seen: Tensor = self.network(images)["map"]
        if seen.dim() == 4:
            return seen
        # Tokens of patches, behind one for the class.
        side = round((seen.shape[1] - 1) ** 0.5)
        return seen[:, 1:].mT.unflatten(2, (side, side))


def _sizes(name: str) -> tuple[int, int | None]:
    """Smallest side of a network's images, and the only possible one or None, pixels."""
    from torchvision import models

    names = models.list_models(module=models)
    if name not in names:
        raise UserError(f"name: torchvision has no '{name}'; {choose(name, names)}")
    least: int = models.get_model_weights(name).DEFAULT.meta["min_size"][0]
    return least, least if name.startswith(("vit_", "maxvit_")) else None


def _network(name: str, weights: str | None, fetch: bool) -> Any:
    from torchvision import models

    # Both warn that their default will change.
    begin = {"init_weights": weights is None or not fetch} if name in ("googlenet", "inception_v3") else {}
    if weights is None:
        return models.get_model(name, weights=None, **begin)
    there = models.get_model_weights(name)
    if weights != "DEFAULT" and weights not in there.__members__:
        raise UserError(f"weights: {name} has no '{weights}'; {choose(weights, ['DEFAULT', *there.__members__])}")
    chosen = there[weights]
    if not fetch:
        return models.get_model(name, weights=None, **begin)
    with downloading(f"weights: those of {name}", chosen.url):
        return models.get_model(name, weights=chosen, **begin)


def _up_to_map(network: nn.Module, side: int) -> nn.Module:
    """The network up to its tokens, or the last map of ``LEAST_SIDE`` (or else the largest) that nothing bypasses."""
    from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the graph in training differs, for example by dropout
        if hasattr(network, "conv_proj"):  # a vision transformer
            return create_feature_extractor(network, {"encoder.ln": "map"})
        in_training, in_use = get_graph_node_names(network)
        names = [name for name in in_use if name in in_training]
        extractor: Any = create_feature_extractor(network, names).eval()
        with torch.no_grad():
            seen = extractor(torch.zeros(1, 3, side, side))
        sides = dict[str, int]()
        for name in _passed_by_all(extractor.graph):
            one = seen[name]
            if not isinstance(one, Tensor) or one.dim() != 4 or one.shape[2] != one.shape[3] or min(one.shape) == 0:
                continue
            # A map that is larger than an earlier one only repeats its pixels.
            if one.shape[2] <= min(sides.values(), default=one.shape[2]):
                sides[name] = one.shape[2]
        last = list(sides)[last_large(list(sides.values()))]
        return create_feature_extractor(network.train(), {last: "map"})


def _passed_by_all(graph: Any) -> list[str]:
    """The nodes of a graph that all data pass through, by name and in order: no shortcut or branch goes around them."""
    nodes = [node for node in graph.nodes if node.op not in ("get_attr", "output")]
    (outputs,) = next(node for node in graph.nodes if node.op == "output").args
    names = {node: name for name, node in outputs.items()}
    places = {node: place for place, node in enumerate(nodes)}
    found, needed_until = [], 0
    for place, node in enumerate(nodes):
        if needed_until <= place and node in names:
            found.append(names[node])
        needed_until = max(needed_until, *(places.get(user, 0) for user in node.users), 0)
    return found
