"""HTTP routes of webhooks: what was sent and what waits, and sending again."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.bodies import NoBody
from app.dependencies import ReadSession
from app.idempotency import Answer, OnceParameter
from app.pages import Page, PageParameters
from app.webhooks.repository import DeliveryFilter
from app.webhooks.schemas import Delivery, DeliveryState, WebhookEvent
from app.webhooks.service import deliveries_page, redeliver

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@router.get("/deliveries", summary="List deliveries of webhooks", response_model=Page[Delivery])
def list_deliveries(
    session: ReadSession,
    page: PageParameters,
    job_id: Annotated[str | None, Query(description="Of this job's webhook.")] = None,
    state: Annotated[list[DeliveryState] | None, Query(description="Any of these states; may be repeated.")] = None,
    event: Annotated[list[WebhookEvent] | None, Query(description="Any of these events; may be repeated.")] = None,
) -> Page[Delivery]:
    """List events that were sent or wait to be sent, newest first."""
    wanted = DeliveryFilter(job_id=job_id, states=state or (), events=event or ())
    return Page[Delivery].model_validate(deliveries_page(session, wanted, page))


@router.post(
    "/deliveries/{delivery_id}/redeliver",
    dependencies=[NoBody],
    summary="Send a webhook again",
    status_code=202,
    response_model=Delivery,
)
def redeliver_delivery(delivery_id: str, once: OnceParameter) -> Response:
    """Send an event again, with the same id and body, from its first attempt on."""
    return once.run(lambda session: Answer(202, redeliver(session, delivery_id)))
