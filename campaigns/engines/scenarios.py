"""Three hard moments that only a real engine has: its storage goes away under the page, its camera is
taken and given back, and the page is left while photos are on their way.
"""

import random
import time
from collections.abc import Callable

from campaigns.engines.browser import wait_until
from campaigns.engines.phone import SHUTTER_OPEN, in_review
from campaigns.engines.ward import SLOW_BYTES_PER_S, Ward

Scenario = Callable[[Ward, random.Random], None]
PHOTOS = 5
# A tap on a blocked shutter, or a camera that is given back, shows itself within this.
MOMENT_S = 3.0
LONGEST_ABSENCE_S = 15.0
REFUSED = "document.body.dataset.state === 'error'"


def storage_lost_at_the_camera(ward: Ward, rng: random.Random) -> None:
    """Connections end between two shots: the next photo is kept, or called not saved; none before is gone."""
    phone = ward.phone
    phone.open_camera()
    ward.take(rng.randint(1, 3))
    phone.browser.lose_connections(ward.origin)
    if phone.browser.reopens:
        ward.take(1)
    else:
        phone.shoot()
        phone.until(REFUSED)
        phone.reload()
    finish(ward, rng)


def storage_lost_on_the_way(ward: Ward, rng: random.Random) -> None:
    """Connections end while photos are being sent; whoever needs a new page for new ones gets one."""
    send_slowly(ward, rng.randint(1, 3))
    ward.phone.browser.lose_connections(ward.origin)
    ward.proxy.heal()
    if not ward.phone.browser.reopens:
        ward.phone.reload()
    ward.drain()


def camera_taken_and_given_back(ward: Ward, rng: random.Random) -> None:
    """While the camera is taken no tap makes a photo; afterwards photos show the present again."""
    phone = ward.phone
    phone.open_camera()
    ward.take(1)
    phone.browser.mute()
    phone.until(f"!({SHUTTER_OPEN}) || document.querySelector('video').srcObject?.getVideoTracks()[0].muted")
    phone.shoot()
    time.sleep(MOMENT_S * rng.random())
    if not phone.ask(in_review(ward.saved)):
        ward.complaints.append("a tap made a photo while the camera was taken")
    phone.browser.unmute()
    finish(ward, rng)
    if ward.frames() < 2:
        ward.complaints.append("a photo after the interruption shows what was seen before it")


def page_left_on_the_way(ward: Ward, rng: random.Random) -> None:
    """The person goes elsewhere while photos are being sent, and comes back, with or without a link."""
    leave_and_come_back(ward, rng, link=rng.random() < 0.5)


def left_without_a_link(ward: Ward, rng: random.Random) -> None:
    """As above in a place without a link, so that nothing can arrive meanwhile."""
    leave_and_come_back(ward, rng, link=False)


def leave_and_come_back(ward: Ward, rng: random.Random, *, link: bool) -> None:
    """Away for some seconds in the middle of a batch."""
    send_slowly(ward, rng.randint(1, 3))
    ward.proxy.down = not link
    ward.phone.leave()
    time.sleep(LONGEST_ABSENCE_S * rng.random())
    ward.proxy.heal()
    if ward.phone.come_back():
        ward.counts["storage did not answer until a restart"] += 1
    ward.drain()


def send_slowly(ward: Ward, stored: int) -> None:
    """Take photos and upload them over a thin link, until so many have arrived."""
    ward.phone.open_camera()
    ward.take(PHOTOS)
    ward.proxy.uplink_bytes_per_s = SLOW_BYTES_PER_S
    ward.phone.upload(ward.saved)
    wait_until(lambda: ward.objects() >= stored, f"{stored} photos on the server")


def finish(ward: Ward, rng: random.Random) -> None:
    """Take some more, and bring all of them home."""
    if ward.phone.ask("document.body.dataset.state !== 'camera'"):
        ward.phone.open_camera()
    ward.take(rng.randint(1, 2))
    ward.phone.upload(ward.saved)
    ward.drain()


SCENARIOS: dict[str, Scenario] = {
    "storage lost at the camera": storage_lost_at_the_camera,
    "storage lost on the way": storage_lost_on_the_way,
    "camera taken and given back": camera_taken_and_given_back,
    "page left on the way": page_left_on_the_way,
}
