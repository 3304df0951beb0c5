//! `tp3 overlay FILE --web`, asked as browsers and other programs ask, over raw sockets.

mod attacks;
mod page;
mod web;

use web::Web;
