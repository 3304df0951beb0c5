//! The machines: what a servent and a client decide.
//!
//! **Invariant:** no socket, no thread, no clock and no log line in here. `now` is an argument; what is to be sent
//! goes into an [`Outbox`](crate::batch::Outbox), and what happened is returned as data. The same machines run in the
//! actors and in tests.
//!
//! | file | machine |
//! |---|---|
//! | `seen` | duplicate suppression: which queries were seen, for how long |
//! | `address_book` | which address each neighbour has, and which names are to be looked up when |
//! | `peer` | who another program is, by address or by name |
//! | `flood` | CLIREQ to QUERY, QUERY to QUERY: who is forwarded what |
//! | `kv_file` | a key-value file to a store |
//! | `store` | the dictionary, kept as ready-made RESPONSEs |
//! | `limit` | how many RESPONSEs one destination may get |
//! | `lookup` | who is answered what |
//! | `links` | what links to neighbours lose, and what is under way on them |
//! | `query` | the client: transmissions, waits and answers of one key |
//! | `queries` | the client: many keys at once, in the order asked |
//! | `notices` | the client: what it can tell of what is no answer |

mod address_book;
mod flood;
mod kv_file;
mod limit;
mod links;
mod lookup;
mod notices;
mod peer;
mod queries;
mod query;
mod seen;
mod store;

pub use address_book::{AddressBook, NameNews, ResolveConfig, Wanted};
pub use flood::{ClireqFlooded, FloodConfig, Flooder, QueryVerdict, Verdict};
pub use kv_file::{
    Foreign, KvFileError, Loaded, Repeated, SKIPPED_SHOWN_MAX, SkipCause, Skipped, first_key, parse_kv_file,
};
pub use limit::ResponseLimiter;
pub use links::{LinkConfig, Links, UNDER_WAY_LEN_MAX};
pub use lookup::{Lookup, LookupVerdict};
pub use notices::{EXCERPT_LEN_MAX, Found, Notice, Notices};
pub use peer::{IPV6_REASON, Peer, ResolveError, ResolveFailure, choose, is_one_host};
pub use queries::{Answer, Event, HELD_LEN_MAX, Progress, Queries, QueriesConfig, Summary, Wait};
pub use query::{AskedKey, Awaiting, Dialect, Heard, KeyError, Patience};
pub use seen::{Fingerprint, SeenConfig, SeenTable, Sighting};
pub use store::{FRAGMENTED_LEN_MIN, InsertError, KeyHash, Store, StoreBuilder, StoreFull};

/// Messages or pairs whose memory is read ahead together: more than a processor can have under way at a time.
const READ_AHEAD: usize = 32;
