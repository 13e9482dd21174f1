# The program of a board that runs the original's networking module: what RBR-Now's own main program does with it.
import asyncio
import time
import _world
from config import Config
from espcomms import ESPComms
from handler import Handler

_SILENCE_S = 30
_PING_S = 1

config = Config()
config.setHandler(Handler(config))
comms = ESPComms(config)


# A request from the house: `/?mac=<mac>&msg=<message>`.
async def serve(request):
    conn, mac, msg = request.split(' ', 2)
    if mac == config.mac or mac == _world.mac(0):
        reply = config.getHandler().handleMessage(msg)
    else:
        reply = await comms.send(mac, msg)
    _world.respond(int(conn), reply)


# A device that has heard nothing for 30 s pings its hub and waits a second for anything at all, blocking everything.
async def watch():
    while True:
        await asyncio.sleep(1)
        config.silence += 1
        if config.silence <= _SILENCE_S or not config.getMyMaster():
            continue
        comms.espSend(bytes.fromhex(config.getMyMaster()), 'ping')
        until = time.ticks_ms() + _PING_S * 1000
        while not comms.e.any() and time.ticks_ms() < until:
            time.sleep(.1)
        heard = comms.e.any()
        if heard:
            comms.e.irecv()
            config.resetCounters()
        _world.pinged(heard)


asyncio.on_request(serve)
asyncio.create_task(comms.receive())
if not config.isMaster():
    asyncio.create_task(watch())
