"""The contract with plugins: the declarations a plugin makes, and the values that vidgen-bench and plugins exchange.

Importing this module does not import torch; nor should a declaration, before its ``build`` is called.
Shapes are named N clips, T frames, C channels, H rows, W columns, D latent entries; pixels lie in [-1, 1].
"""

from __future__ import annotations

from vidgen_bench.api.backbone import Backbone
from vidgen_bench.api.clip import Ability, Batch, Clip, ClipStream, Feed, Times
from vidgen_bench.api.data_set import DataSet, VideoSource
from vidgen_bench.api.declaration import API, ENTRY_POINT_GROUP, Named, Report, hookimpl
from vidgen_bench.api.game import Game, Player, constant
from vidgen_bench.api.instrument import HeldOutClips, Instrument, SelfTestReport
from vidgen_bench.api.launcher import Ended, Event, Handle, Job, Launcher, Lost, Skipped, Started
from vidgen_bench.api.metric import RANK_DEFICIENT, Curve, FeatureSet, Metric, Moments, Need, Reference, View
from vidgen_bench.api.options import NoOptions, Pairing, option
from vidgen_bench.api.temporal import LatentSpec, Temporal
from vidgen_bench.api.weights import ImportedWeights, ImportRequest, InstrumentTrainer, TrainingRequest, WeightsImporter

__all__ = [
    "API",
    "ENTRY_POINT_GROUP",
    "RANK_DEFICIENT",
    "Ability",
    "Backbone",
    "Batch",
    "Clip",
    "ClipStream",
    "Curve",
    "DataSet",
    "Ended",
    "Event",
    "FeatureSet",
    "Feed",
    "Game",
    "Handle",
    "HeldOutClips",
    "ImportRequest",
    "ImportedWeights",
    "Instrument",
    "InstrumentTrainer",
    "Job",
    "LatentSpec",
    "Launcher",
    "Lost",
    "Metric",
    "Moments",
    "Named",
    "Need",
    "NoOptions",
    "Pairing",
    "Player",
    "Reference",
    "Report",
    "SelfTestReport",
    "Skipped",
    "Started",
    "Temporal",
    "Times",
    "TrainingRequest",
    "VideoSource",
    "View",
    "WeightsImporter",
    "constant",
    "hookimpl",
    "option",
]
