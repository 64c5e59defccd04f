"""Three hard moments that only a real engine has.

Its storage goes away under the page, its camera is taken and given back, and the page is left while photos
are on their way.
"""

import random
import time
from collections.abc import Callable

from campaigns.engines.browser import wait_until
from campaigns.engines.phone import SHUTTER_OPEN, in_review
from campaigns.engines.setting import SLOW_BYTES_PER_S, EngineSetting

Scenario = Callable[[EngineSetting, random.Random], None]
PHOTOS = 5
# A tap on a blocked shutter, or a camera that is given back, shows itself within this.
MOMENT_S = 3.0
LONGEST_ABSENCE_S = 15.0
REFUSED = "document.body.dataset.state === 'error'"


def storage_lost_at_the_camera(setting: EngineSetting, rng: random.Random) -> None:
    """Connections end between two shots: the next photo is kept, or called not saved; none before is gone."""
    phone = setting.phone
    phone.open_camera()
    setting.take(rng.randint(1, 3))
    phone.browser.lose_connections(setting.origin)
    if phone.browser.reopens:
        setting.take(1)
    else:
        phone.shoot()
        phone.until(REFUSED)
        phone.reload()
    finish(setting, rng)


def storage_lost_on_the_way(setting: EngineSetting, rng: random.Random) -> None:
    """Connections end while photos are being sent; an engine that needs a new page for new ones gets it."""
    send_slowly(setting, rng.randint(1, 3))
    setting.phone.browser.lose_connections(setting.origin)
    setting.proxy.heal()
    if not setting.phone.browser.reopens:
        setting.phone.reload()
    setting.drain()


def camera_taken_and_given_back(setting: EngineSetting, rng: random.Random) -> None:
    """While the camera is taken no tap makes a photo; afterwards photos show the present again."""
    phone = setting.phone
    phone.open_camera()
    setting.take(1)
    phone.browser.mute()
    phone.until(f"!({SHUTTER_OPEN}) || document.querySelector('video').srcObject?.getVideoTracks()[0].muted")
    phone.shoot()
    time.sleep(MOMENT_S * rng.random())
    if not phone.ask(in_review(setting.saved)):
        setting.complaints.append("a tap made a photo while the camera was taken")
    phone.browser.unmute()
    finish(setting, rng)
    if setting.frames() < 2:
        setting.complaints.append("a photo after the interruption shows what was seen before it")


def page_left_on_the_way(setting: EngineSetting, rng: random.Random) -> None:
    """The user goes elsewhere while photos are being sent, and comes back, with or without a link."""
    leave_and_come_back(setting, rng, link=rng.random() < 0.5)


def left_without_a_link(setting: EngineSetting, rng: random.Random) -> None:
    """As above in a place without a link, so that nothing can arrive meanwhile."""
    leave_and_come_back(setting, rng, link=False)


def leave_and_come_back(setting: EngineSetting, rng: random.Random, *, link: bool) -> None:
    """Away for some seconds in the middle of a batch."""
    send_slowly(setting, rng.randint(1, 3))
    setting.proxy.down = not link
    setting.phone.leave()
    time.sleep(LONGEST_ABSENCE_S * rng.random())
    setting.proxy.heal()
    if setting.phone.come_back():
        setting.counts["storage did not answer until a restart"] += 1
    setting.drain()


def send_slowly(setting: EngineSetting, stored: int) -> None:
    """Take photos and upload them over a thin link, until so many have arrived."""
    setting.phone.open_camera()
    setting.take(PHOTOS)
    setting.proxy.uplink_bytes_per_s = SLOW_BYTES_PER_S
    setting.phone.upload(setting.saved)
    wait_until(lambda: setting.objects() >= stored, f"{stored} photos on the server")


def finish(setting: EngineSetting, rng: random.Random) -> None:
    """Take some more, and wait until all are stored."""
    if setting.phone.ask("document.body.dataset.state !== 'camera'"):
        setting.phone.open_camera()
    setting.take(rng.randint(1, 2))
    setting.phone.upload(setting.saved)
    setting.drain()


SCENARIOS: dict[str, Scenario] = {
    "storage lost at the camera": storage_lost_at_the_camera,
    "storage lost on the way": storage_lost_on_the_way,
    "camera taken and given back": camera_taken_and_given_back,
    "page left on the way": page_left_on_the_way,
}
