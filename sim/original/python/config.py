# Stand-in for RBR-Now's config module: what the board was configured with, and what the original tells it.
import _world


class Config:
    def __init__(self):
        self._handler = None
        self._my_master = _world.setting('hub')
        self.silence = 0

    def isMaster(self):
        return _world.setting('role') == 'hub'

    def getName(self):
        return _world.setting('name')

    def getSSID(self):
        return _world.setting('ssid')

    def getPassword(self):
        return _world.setting('password')

    def getChannel(self):
        return int(_world.setting('channel'))

    def getHandler(self):
        return self._handler

    def setHandler(self, handler):
        self._handler = handler

    def getMyMaster(self):
        return self._my_master

    def setMyMaster(self, mac):
        self._my_master = mac
        _world.note('myMaster', mac)

    def setMAC(self, mac):
        self.mac = mac

    def setAP(self, ap):
        self.ap = ap

    def setIPAddr(self, address):
        self.address = address

    def resetCounters(self):
        self.silence = 0

    def kickWatchdog(self):
        _world.kick()
