//! The cases, by the names they have on the command line and in the report.

use clap::ValueEnum;

/// What is measured. The doc comments are the help texts of the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Case {
    /// Messages to one actor, sent one at a time
    Tell,
    /// Messages to one actor, each burst handed over as one iterator
    TellIter,
    /// As tell, with a time budget for each tick
    TellBudgeted,
    /// Each message reaches 1,000 subscribers; an operation is one handled message
    Fanout,
    /// Each message goes to one of many actors, in random order
    Many,
    /// Messages of 8 types in a random order of 64, repeated, to one actor with 8 handlers
    Mixed,
    /// Messages from 4 producer threads to one actor, sent one at a time
    Prod4Single,
    /// Messages from 4 producer threads to one actor, sent in batches
    Prod4Batched,
    /// Requests to one actor, with replies
    Ask,
    /// Actors created; an operation is one actor. Also reports the heap bytes of each
    Spawn,
    /// Ticks in which many actors have nothing to do; an operation is one tick
    IdleTick,
    /// Tasks which wait for the next tick again and again; an operation is one step of one task
    TaskStep,
    /// As task_step, and each step looks at the actor of its task
    TaskWith,
    /// A message of 16 bytes, {u32, 3 x f32}, written into a buffer that is used again
    #[value(name = "encode_16")]
    Encode16,
    /// The fields of such a message read, without a frame and a queue
    #[value(name = "fields_16")]
    Fields16,
    /// A frame with such a message, from its bytes to the message in the queue
    #[value(name = "decode_16")]
    Decode16,
    /// As decode_16, and through the tick to the handler
    FrameToHandler,
    /// As encode_16, with a text of 19 letters and two numbers
    EncodeText,
    /// As fields_16, with such a text
    FieldsText,
    /// As decode_16, with such a text
    DecodeText,
    /// As encode_16, with a Vec of 10,000 i32
    EncodeVec,
    /// As decode_16, with such a Vec
    DecodeVec,
}

impl Case {
    pub fn name(self) -> String {
        let value = self.to_possible_value().expect("no case is hidden from the command line");
        value.get_name().to_owned()
    }
}
