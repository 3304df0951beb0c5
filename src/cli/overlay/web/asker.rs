//! Questions of the page, asked by the library's client: several at a time, each by a client of its own, so that answers
//! can't be mistaken.

use crate::actor::crew::Crew;
use crate::client::Client;
use crate::live::{Board, Refused};
use crate::picture::Words;
use crate::protocol::{AskedKey, Dialect, KeyError, Patience};
use crate::text::escape;
use crossbeam_channel::{Receiver, Sender, bounded};
use serde_json::json;
use std::io;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many questions are open at a time.
const OPEN_MAX: usize = 16;

/// How many wait for that.
const WAITING_MAX: usize = 1024;

/// How often an asker that waits for answers looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a key can't be.
fn words(error: KeyError) -> Words {
    let pt = match error {
        KeyError::Empty => "uma chave vazia: precisa de um caractere que não seja espaço".to_owned(),
        KeyError::Nul => "um byte NUL na chave, que a terminaria ali".to_owned(),
        KeyError::Tab => "uma tabulação na chave, onde uma resposta a terminaria".to_owned(),
        KeyError::TooLong { len, len_max } => {
            format!("uma chave de {len} bytes, e num datagrama cabem no máximo {len_max}")
        }
    };
    Words::new(error.to_string(), pt)
}

/// A question.
struct Question {
    key: String,
    entry: SocketAddrV4,
}

/// The threads that ask. Dropping it gives up what they ask and joins them.
pub(super) struct Askers {
    questions_tx: Option<Sender<Question>>,
    dialect: Dialect,
    is_stopping: Arc<AtomicBool>,
    crew: Crew,
}

impl Askers {
    /// Starts them; what they hear goes to the board.
    pub(super) fn start(patience: Patience, dialect: Dialect, board: &Arc<Board>) -> io::Result<Self> {
        let (questions_tx, questions_rx) = bounded(WAITING_MAX);
        let mut askers =
            Self { questions_tx: Some(questions_tx), dialect, is_stopping: Arc::default(), crew: Crew::default() };
        for _ in 0..OPEN_MAX {
            let asker =
                Asker { patience, dialect, board: Arc::clone(board), is_stopping: Arc::clone(&askers.is_stopping) };
            let questions_rx = questions_rx.clone();
            askers.crew.spawn("asker", move || asker.run(&questions_rx))?;
        }
        Ok(askers)
    }

    /// Asks, as soon as others are done.
    pub(super) fn ask(&self, key: &str, entry: SocketAddrV4) -> Result<(), Refused> {
        if let Err(error) = AskedKey::in_dialect(key.as_bytes(), self.dialect) {
            return Err(Refused::Never(words(error)));
        }
        let question = Question { key: key.to_owned(), entry };
        let sent = self.questions_tx.as_ref().is_some_and(|questions_tx| questions_tx.try_send(question).is_ok());
        let busy = || {
            Words::new(
                format!("{WAITING_MAX} questions wait already"),
                format!("{WAITING_MAX} perguntas já estão à espera"),
            )
        };
        if sent { Ok(()) } else { Err(Refused::Busy(busy())) }
    }
}

impl Drop for Askers {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        self.questions_tx = None;
        if let Err(panicked) = std::mem::take(&mut self.crew).join() {
            log::error!("{panicked}");
        }
    }
}

struct Asker {
    patience: Patience,
    dialect: Dialect,
    board: Arc<Board>,
    is_stopping: Arc<AtomicBool>,
}

impl Asker {
    fn run(&self, questions_rx: &Receiver<Question>) {
        for question in questions_rx {
            if self.is_stopping.load(Ordering::SeqCst) {
                break;
            }
            if let Err(error) = self.ask(&question) {
                let error = escape(error.as_bytes());
                let why =
                    Words::new(format!("cannot ask: {error}"), format!("não foi possível perguntar: {error}")).json();
                self.board.tell("failed", &json!({"key": escape(question.key.as_bytes()), "why": why}));
            }
        }
    }

    fn ask(&self, Question { key, entry }: &Question) -> Result<(), String> {
        let shown = escape(key.as_bytes());
        let builder = Client::builder(*entry).patience(self.patience).dialect(self.dialect);
        let mut client = builder.start().map_err(|error| error.to_string())?;
        let port = client.local_addr().port();
        self.board.tell("asked", &json!({"key": shown, "entry": entry.to_string(), "port": port}));
        let mut answers = client.ask(key).map_err(|error| error.to_string())?;
        while !self.is_stopping.load(Ordering::SeqCst) {
            match answers.next_within(LOOK_EVERY) {
                Ok(Some(answer)) => {
                    let (servent, value) = (answer.servent.to_string(), escape(&answer.value));
                    let heard = json!({"key": shown, "port": port, "servent": servent, "value": value});
                    self.board.tell("answer", &heard);
                }
                Ok(None) => {
                    let summary = answers.finish().map_err(|error| error.to_string())?;
                    self.board.tell("done", &json!({"key": shown, "port": port, "answers": summary.answers}));
                    break;
                }
                Err(_) => {}
            }
        }
        Ok(())
    }
}
