//! Message queues: messages wait, are received by consumers, and come back if they are not deleted in time.
//!
//! The rules are Amazon SQS's: a received message is invisible for the visibility timeout; a consumer that succeeds
//! deletes it; one that fails, dies or is too slow leaves it to reappear; after enough receives it is a dead letter.

use std::collections::VecDeque;

use super::Kernel;
use super::model::{MessageQueue, Model};
use super::row::{NONE, Row, State, flag};
use super::timer::FifoKind;
use crate::ids::QueueId;
use crate::rng::{Stream, purpose};
use crate::units::SimSpan;

/// Messages that a queue may hold: what goes beyond would exhaust the machine.
const MOST_MESSAGES: usize = 1 << 24;

/// A queue, running.
#[derive(Debug)]
pub(super) struct Queue {
    params: MessageQueue,
    consumer_service: u16,
    site: u32,
    messages: Vec<Message>,
    free: Vec<u32>,
    visible: VecDeque<u32>,
    in_flight: u32,
    published: u64,
    deleted: u64,
    redelivered: u64,
    dead: u64,
    /// The most that ever waited.
    most_visible: u64,
    /// How long deleted messages were in the queue, from publication to deletion, summed [ns].
    age_sum: u128,
    fifo: u16,
    cursor: usize,
}

#[derive(Debug, Clone, Copy)]
struct Message {
    key: u64,
    /// When it was published [ns].
    published: u64,
    user: u32,
    receives: u32,
    /// Counts the uses of this slot and the receives, so that a late visibility timeout is recognised.
    ticket: u32,
}

/// What can be seen of a queue, by the names of Amazon SQS's metrics where it has one. Counts are of the whole run:
/// published = deleted + dead + visible + in flight.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct QueueView {
    /// Messages sent to it (`NumberOfMessagesSent`).
    pub published: u64,
    /// Messages that a consumer handled and deleted (`NumberOfMessagesDeleted`).
    pub deleted: u64,
    /// Receives of messages that had been received before.
    pub redelivered: u64,
    /// Messages waiting to be received (`ApproximateNumberOfMessagesVisible`).
    pub visible: u64,
    /// The most that ever waited.
    pub most_visible: u64,
    /// Messages received and not yet deleted (`ApproximateNumberOfMessagesNotVisible`).
    pub in_flight: u64,
    /// Dead letters: received too often without success.
    pub dead: u64,
    /// Age of the message that waits at the front (`ApproximateAgeOfOldestMessage`); `None` if none waits.
    pub oldest: Option<SimSpan>,
    /// Mean time from publication to deletion [s]; `None` before the first.
    pub mean_age_s: Option<f64>,
}

impl Kernel {
    pub(super) fn open_queues(&mut self, model: &Model) {
        for (index, params) in model.queues.iter().enumerate() {
            let fifo = self.fifo(FifoKind::Visibility(index as u16), params.visibility_timeout.nanos());
            self.queues.push(Queue {
                params: params.clone(),
                consumer_service: model.endpoints[params.consumer.index()].service.0,
                site: self.program.queue_sites[index],
                messages: Vec::new(),
                free: Vec::new(),
                visible: VecDeque::new(),
                in_flight: 0,
                published: 0,
                deleted: 0,
                redelivered: 0,
                dead: 0,
                most_visible: 0,
                age_sum: 0,
                fifo,
                cursor: 0,
            });
        }
    }

    /// What can be seen of a queue.
    pub fn queue(&self, queue: QueueId) -> QueueView {
        let queue = &self.queues[queue.index()];
        QueueView {
            published: queue.published,
            deleted: queue.deleted,
            redelivered: queue.redelivered,
            visible: queue.visible.len() as u64,
            most_visible: queue.most_visible,
            in_flight: u64::from(queue.in_flight),
            dead: queue.dead,
            oldest: queue.visible.front().map(|slot| SimSpan::from_nanos(self.now - queue.messages[*slot as usize].published)),
            mean_age_s: (queue.deleted > 0).then(|| queue.age_sum as f64 / queue.deleted as f64 / 1e9),
        }
    }

    /// Puts a message into a queue.
    pub(super) fn publish(&mut self, id: u32, index: u16, counter: u64) {
        let row = self.rows.hot[id as usize];
        let key = Stream::from_key(row.key).child(purpose::MESSAGE << 32 | counter).key();
        let queue = &mut self.queues[usize::from(index)];
        let slot = queue.free.pop().unwrap_or_else(|| {
            queue.messages.push(Message { key: 0, published: 0, user: 0, receives: 0, ticket: 0 });
            queue.messages.len() as u32 - 1
        });
        if queue.messages.len() > MOST_MESSAGES {
            self.exhaust();
        }
        let queue = &mut self.queues[usize::from(index)];
        let message = &mut queue.messages[slot as usize];
        *message = Message { key, published: self.now, user: row.user, receives: 0, ticket: message.ticket + 1 };
        queue.visible.push_back(slot);
        queue.published += 1;
        self.deliveries.push(index);
    }

    /// Hands visible messages to consumers that have room.
    pub(super) fn deliver_messages(&mut self, index: u16) {
        loop {
            let queue = &mut self.queues[usize::from(index)];
            let Some(&slot) = queue.visible.front() else { return };
            let service = usize::from(queue.consumer_service);
            let targets = &self.services[service].rotation;
            let stations = &self.stations;
            let n = targets.len();
            let room = (0..n).map(|step| (queue.cursor + step) % n).find(|&at| {
                let station = &stations[targets[at] as usize];
                station.up && station.consuming < queue.params.concurrency
            });
            let Some(at) = room else {
                queue.most_visible = queue.most_visible.max(queue.visible.len() as u64);
                return;
            };
            let target = targets[at];
            queue.cursor = at + 1;
            queue.visible.pop_front();
            queue.in_flight += 1;
            queue.redelivered += u64::from(queue.messages[slot as usize].receives > 0);
            let message = &mut queue.messages[slot as usize];
            message.receives += 1;
            message.ticket += 1;
            let (ticket, fifo, site) = (message.ticket, queue.fifo, queue.site);
            let key = Stream::from_key(message.key).child(u64::from(message.receives)).key();
            let user = message.user;
            let attempt = (message.receives - 1).min(255) as u8;
            self.stations[target as usize].consuming += 1;
            let id = self.take_row();
            self.rows.hot[id as usize] = Row {
                key,
                sent: self.now,
                received: self.now,
                instance: target,
                site,
                user,
                attempt,
                flags: flag::MESSAGE,
                state: State::Waiting,
                ..Row::FREE
            };
            self.rows.cold[id as usize] = super::row::Cold { message: slot, client: ticket, queue: index, ..super::row::Cold::default() };
            self.wait_in(fifo, slot, ticket);
            self.arrive(id);
        }
    }

    /// A consumer ended with a message.
    pub(super) fn message_ended(&mut self, id: u32, ok: bool) {
        let (row, cold) = (self.rows.hot[id as usize], self.rows.cold[id as usize]);
        let index = cold.queue;
        if row.instance != NONE {
            let station = &mut self.stations[row.instance as usize];
            station.consuming = station.consuming.saturating_sub(1);
        }
        let queue = &mut self.queues[usize::from(index)];
        let message = &mut queue.messages[cold.message as usize];
        if ok && message.ticket == cold.client {
            message.ticket += 1;
            queue.in_flight -= 1;
            queue.deleted += 1;
            queue.age_sum += u128::from(self.now - message.published);
            queue.free.push(cold.message);
        }
        self.deliveries.push(index);
    }

    /// A visibility timeout is over: a message that was not deleted is visible again, or dead.
    pub(super) fn reappear(&mut self, index: u16, slot: u32, ticket: u32) {
        let queue = &mut self.queues[usize::from(index)];
        let message = &mut queue.messages[slot as usize];
        if message.ticket != ticket {
            return;
        }
        queue.in_flight -= 1;
        if queue.params.max_receives.is_some_and(|most| message.receives >= most) {
            message.ticket += 1;
            queue.dead += 1;
            queue.free.push(slot);
        } else {
            queue.visible.push_back(slot);
            self.deliveries.push(index);
        }
    }

    /// Consumers of a service have room again, or joined.
    pub(super) fn consumers_changed(&mut self, service: u16) {
        let fed = (0..self.queues.len()).filter(|&index| self.queues[index].consumer_service == service);
        self.deliveries.extend(fed.map(|index| index as u16));
    }
}
