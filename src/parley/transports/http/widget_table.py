"""The table of the routes that chat widgets need beside the socket."""

from __future__ import annotations

from parley.session.house import House
from parley.transports.http.feedback_routes import FeedbackRoutes
from parley.transports.http.legacy_routes import LegacyRoutes
from parley.transports.http.public_routes import PublicRoutes
from parley.transports.http.routing import Routes
from parley.transports.http.transcript_routes import TranscriptRoutes
from parley.transports.http.upload_routes import FILES, UPLOAD, UploadRoutes
from parley.transports.http.widget_routes import WidgetRoutes


def add_widget_routes(table: Routes, house: House, legacy: LegacyRoutes) -> None:
    """Add them all."""
    widget, public = WidgetRoutes(house, legacy), PublicRoutes(house, legacy)
    transcripts, feedback, uploads = TranscriptRoutes(house, legacy), FeedbackRoutes(house), UploadRoutes(house)
    table.add("/v2/public/{projectID}/widget/setup", {"POST": widget.setup})
    table.add("/v2/public/{projectID}/settings/widget", {"GET": widget.settings})
    table.add("/public/{projectID}/publishing", {"GET": widget.settings})
    table.add("/v1alpha1/webchat-log/{projectID}", {"POST": widget.take_log})
    table.add("/public/{projectID}/state/user/{userID}/interact", {"POST": public.interact}, is_legacy=True)
    table.add("/transcripts/end/project/{projectID}/user/{userID}", {"POST": transcripts.end})
    table.add("/v2/public/{projectID}/transcripts/download", {"POST": transcripts.download})
    table.add("/public/{projectID}/transcripts", {"POST": transcripts.upsert})
    table.add("/transcripts/{projectID}", {"POST": transcripts.upsert})
    table.add("/feedback/{projectID}/user/{userID}", {"POST": feedback.give})
    table.add("/feedback/{projectID}", {"GET": feedback.list})
    table.add("/v1/handoff/file-storage", {"POST": uploads.ticket})
    table.add(UPLOAD, {"POST": uploads.upload})
    table.add(f"{FILES}/{{sessionID}}/{{fileID}}/{{name}}", {"GET": uploads.download})
