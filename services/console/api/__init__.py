"""What may be asked of the console over HTTP: pages for people, and the stream that keeps them true."""

from services.console.api.attend import router as attend
from services.console.api.backorders import router as backorders
from services.console.api.desk import router as desk
from services.console.api.live import router as live
from services.console.api.pages import router as pages

routers = (pages, live, desk, attend, backorders)
