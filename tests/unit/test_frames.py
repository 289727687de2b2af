from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stelsel.storing.frames import Frames, frame


@given(st.lists(st.tuples(st.integers(1, 6), st.binary(max_size=200))), st.data())
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(sent, data):
    stream = b"".join(frame(kind, body) for kind, body in sent)
    frames, found = Frames(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += frames.feed(stream[:size])
        stream = stream[size:]
    assert found == sent
