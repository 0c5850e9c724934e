//! The chat's connection to its feed: reads, publishes, and connects again.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use crate::chat::api::Api;
use crate::chat::console::{Console, Input};
use crate::chat::options::ChatOptions;
use crate::chat::room::{NO_USER, Room};
use crate::client::error::ClientError;
use crate::client::outbox::Outbox;
use crate::client::reconnect::{Backoff, ReconnectPolicy};
use crate::client::subscription::{EventListener, Subscription, SubscriptionEvent};
use crate::client::target::Target;
use crate::error::{Interrupted, UsageError};
use crate::feed::Message;
use crate::record::recorder::Recorder;
use crate::record::trial_board::TrialBoard;
use crate::runtime::event_loop;

/// After the end of the input, the longest wait for the last lines to come back.
const PARTING: Duration = Duration::from_secs(60);

/// Time between two checks of what is awaited.
const LOOK: Duration = Duration::from_millis(100);

/// Runs until the input has ended and all of it has come back, or until `stop` completes, which
/// ends a chat that only reads in good order. Returns whether all lines were seen in the feed.
pub async fn run(
    options: ChatOptions,
    stop: impl Future<Output = Interrupted>,
) -> anyhow::Result<bool> {
    let chat = ChatClient::new(options)?;
    event_loop::within_tokio(chat.run(stop)).await?
}

struct ChatClient {
    options: ChatOptions,
    api: Rc<Api>,
    room: Rc<RefCell<Room>>,
    outbox: Rc<Outbox>,
    recorder: Rc<Recorder>,
}

impl ChatClient {
    fn new(options: ChatOptions) -> anyhow::Result<Self> {
        let recorder = Rc::new(Recorder::new(Arc::new(TrialBoard::new(1, 1, 0)?), 0));
        let Target {
            dialect, prefix, ..
        } = &options.target;
        let feed_path: Rc<str> = dialect.feed_path(prefix, &options.feed).into();
        Ok(ChatClient {
            api: Rc::new(Api {
                target: Rc::new(options.target.clone()),
                ledger: Rc::default(),
                feed_path,
            }),
            room: Rc::new(RefCell::new(Room::new(&options))),
            outbox: Rc::default(),
            recorder,
            options,
        })
    }

    async fn run(self, stop: impl Future<Output = Interrupted>) -> anyhow::Result<bool> {
        let recall = |message: &Message<'_>| self.room.borrow_mut().recall(message);
        let history = self.api.history(self.options.history, recall).await;
        let (last, epoch) = history.context("cannot join")?;
        let mut subscription = self.subscription();
        subscription.resume(last, epoch);
        // The window never closes, so polls never pause.
        self.recorder.board.set_window(0, u64::MAX);
        let in_band = self.options.transport.publishes_in_band();
        if let (Some(user), false) = (self.options.user.clone(), in_band) {
            event_loop::spawn(self.post_all(user));
        }
        let mut console = Console::open(&self.options.user, &self.room.borrow().status())?;
        tokio::select! {
            error = self.keep_reading(subscription) => Err(error.into()),
            outcome = self.converse(&mut console) => outcome,
            interrupted = stop => match self.options.user {
                None => Ok(true),
                Some(_) => Err(interrupted.into()),
            },
        }
    }

    fn subscription(&self) -> Subscription {
        let mut subscription = Subscription::new(
            self.api.target.clone(),
            Rc::new(self.options.client),
            self.recorder.clone(),
            self.api.ledger.clone(),
            0,
            self.api.feed_path.clone(),
            1,
        );
        subscription.phase = rand::random();
        let user = self.options.user.clone();
        subscription.author = user.map(|user| (user, self.outbox.clone()));
        let (room, api) = (self.room.clone(), self.api.clone());
        let listener = move |heard: SubscriptionEvent<'_>| {
            if room.borrow_mut().hear(heard) {
                event_loop::spawn(take_roll(api.clone(), room.clone()));
            }
        };
        subscription.listener = Some(EventListener(Box::new(listener)));
        subscription
    }

    /// Reads for ever, over one connection after another. Ends if the server refuses this client
    /// for good.
    async fn keep_reading(&self, mut subscription: Subscription) -> ClientError {
        let mut backoff = Backoff::default();
        loop {
            let Err(error) = self.options.transport.subscribe(&mut subscription).await;
            let wrong = matches!(error, ClientError::WrongAnswer(_));
            if error.is_final() && !(wrong && subscription.joined()) {
                return error;
            }
            backoff = backoff.after(subscription.ended());
            self.room.borrow_mut().lost(&error);
            let pause = backoff.pause(&ReconnectPolicy::DEFAULT, subscription.phase);
            tokio::time::sleep(subscription.retry + pause).await;
        }
    }

    /// Publishes the messages of the outbox by POST, in order.
    fn post_all(&self, user: String) -> impl Future<Output = ()> + use<> {
        let (api, room, outbox) = (self.api.clone(), self.room.clone(), self.outbox.clone());
        async move {
            loop {
                let message = outbox.next().await;
                // A member publishes only after it has joined.
                while !room.borrow().is_live() {
                    tokio::time::sleep(LOOK).await;
                }
                let (mut backoff, policy) = (Backoff::default(), ReconnectPolicy::DEFAULT);
                // Nothing was sent yet, so a new attempt sends nothing twice.
                let connection = loop {
                    match api.dial().await {
                        Ok(connection) => break connection,
                        Err(_) => tokio::time::sleep(backoff.pause(&policy, rand::random())).await,
                    }
                    backoff = backoff.after(None);
                };
                if let Err(error) = api.publish(connection, &user, &message).await {
                    room.borrow_mut().refused(&message, &error);
                }
            }
        }
    }

    /// Reads lines and shows what is new.
    async fn converse(&self, console: &mut Console) -> anyhow::Result<bool> {
        let mut look = tokio::time::interval(LOOK);
        let (mut reads, mut ended) = (true, None::<Instant>);
        let only_reads = self.options.user.is_none();
        loop {
            let has_room = self.room.borrow().has_room();
            tokio::select! {
                input = console.next(has_room), if reads => match input? {
                    Input::Line(line) | Input::NotText(line)
                        if only_reads && console.is_pipe() && !line.trim().is_empty() =>
                    {
                        return Err(UsageError(format!("the input has lines: {NO_USER}")).into());
                    }
                    Input::Line(line) => self.say(&line),
                    Input::NotText(why) => self.room.borrow_mut().not_sent(&why),
                    Input::End => {
                        reads = false;
                        ended = (!only_reads).then(Instant::now);
                    }
                    Input::Leave => return Ok(true),
                },
                _ = look.tick() => self.room.borrow_mut().give_up_waiting(),
                () = Room::changed(&self.room) => {}
            }
            let has_reader = console.show(&mut self.room.borrow_mut())?;
            if only_reads && !has_reader {
                return Ok(true);
            }
            let given_up = ended.is_some_and(|ended| ended.elapsed() > PARTING);
            if given_up || ended.is_some() && self.room.borrow().is_settled() {
                return Ok(self.room.borrow().all_seen());
            }
        }
    }

    fn say(&self, line: &str) {
        let message = self.room.borrow_mut().say(line);
        if let Some(message) = message {
            let _ = self.outbox.push(message); // It takes more than a room does.
        }
    }
}

/// Reads the members, if the server tells them.
async fn take_roll(api: Rc<Api>, room: Rc<RefCell<Room>>) {
    if let Ok(members) = api.members().await {
        room.borrow_mut().here(members);
    }
}
