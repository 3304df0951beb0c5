//! Which cause each refusal and failure is counted under.

use super::DropCause;
use crate::net::SendFailure;
use crate::protocol::{LookupVerdict, QueryVerdict, Verdict};
use crate::wire::DecodeError;

impl From<DecodeError> for DropCause {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooShort { .. } => Self::MalformedTooShort,
            DecodeError::UnknownType { .. } => Self::MalformedUnknownType,
            DecodeError::ShortQuery { .. } => Self::MalformedShortQuery,
            DecodeError::EmptyKey { .. } => Self::MalformedEmptyKey,
            DecodeError::NoTab { .. } => Self::MalformedNoTab,
        }
    }
}

impl From<SendFailure> for DropCause {
    fn from(failure: SendFailure) -> Self {
        match failure {
            SendFailure::Unreachable => Self::SendFailedUnreachable,
            SendFailure::NoBuffers => Self::SendFailedNoBuffers,
            SendFailure::Refused => Self::SendFailedRefused,
            SendFailure::TooLong => Self::SendFailedTooLong,
            SendFailure::Forbidden => Self::SendFailedForbidden,
            SendFailure::Other => Self::SendFailedOther,
        }
    }
}

impl DropCause {
    /// Why the flooder refused a request; `None` if it did not.
    #[must_use]
    pub fn of_flood(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Query(QueryVerdict::StrangerRefused) => Some(Self::StrangerRefused),
            Verdict::Query(QueryVerdict::TtlZero) => Some(Self::TtlZero),
            Verdict::Query(QueryVerdict::Duplicate { .. } | QueryVerdict::FirstSighting { .. })
            | Verdict::Clireq(_) => None,
        }
    }

    /// Why a key that is held was not answered; `None` if it was, or is not held.
    #[must_use]
    pub fn of_lookup(verdict: LookupVerdict) -> Option<Self> {
        match verdict {
            LookupVerdict::UnanswerableClient => Some(Self::UnanswerableClient),
            LookupVerdict::ResponseLimited => Some(Self::ResponseLimited),
            LookupVerdict::Answered | LookupVerdict::NotFound => None,
        }
    }
}
