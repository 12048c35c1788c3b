"""What ganetix adds to twistd; each line names its module as text, so that nothing is loaded."""

from twisted.application.service import ServiceMaker

masterd = ServiceMaker(
    "ganetix master daemon",
    "ganetix.daemons.masterd",
    "The master daemon of a ganetix cluster: jobs, configuration, locks.",
    "masterd",
)

noded = ServiceMaker(
    "ganetix node daemon",
    "ganetix.daemons.noded",
    "The node daemon of a ganetix cluster: does on this machine what the master asks.",
    "noded",
)

rapid = ServiceMaker(
    "ganetix remote API daemon",
    "ganetix.daemons.rapid",
    "The remote API daemon of a ganetix cluster: HTTPS in front of the master daemon.",
    "rapid",
)
