"""From access units to renditions in CMAF: one worker process per stream.

In the order the media goes:

- ``access_unit`` (pure): the contract with ingest, and its framing.
- ``supervisor`` (edge): starts, feeds, watches and restarts the workers.
- ``messages`` (pure): the worker's job, and what it reports.
- ``metrics`` (edge): Prometheus metrics.
- ``worker`` (edge): the worker process: wires the threads below together.
- ``timeline`` (pure): capture instants, grid indices, ticks and samples of a session.
- ``lateness`` (pure): how late media comes, and when to stop waiting.
- ``decoder`` (edge): libav decoders.
- ``ladder`` (pure): which rungs a source gets.
- ``cadence`` (pure): a constant frame rate from pictures that come when they like.
- ``shedding`` (pure): what to leave out when encoders do not keep up.
- ``picture_thread`` (edge): decodes once, fills the grid, hands pictures to the rungs.
- ``scaler`` (edge): one picture in, one per rung out.
- ``segmenter`` (pure): where parts and segments begin.
- ``encoders`` (edge): libx264 and AAC.
- ``rung_thread`` (edge): one video rendition.
- ``audio_clock`` (pure): continuous samples from packets.
- ``sound_thread`` (edge): the audio rendition.
- ``boxes`` (pure): ISO BMFF boxes.
- ``cmaf`` (pure): init sections and chunks.
- ``packager`` (pure): samples to parts.
- ``push_target`` (pure): where to push.
- ``publisher`` (edge): pushes CMAF to an origin.
- ``errors`` (pure): what can go wrong.
"""
