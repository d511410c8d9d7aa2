//! Bytes of a segment, as blocks.

use std::fs::File;
use std::io;

use contract::{Block, BlockId};

use crate::file::read_at;
use crate::layout::{LONGEST_BLOCK, WORD, Word, footprint};

/// What was found at a position.
pub(crate) enum Parsed {
    /// A block, and its bytes in the file.
    Block(Block, usize),
    /// Records without a seal, or none at all, up to a word that was never written.
    Open { records: u32, length: usize },
    /// Nothing follows.
    End,
    /// A block of which some bytes are not as they were written, and its bytes in the file.
    Lost(usize),
    /// Nobody can tell where the next block begins.
    Damaged,
}

/// Reads the block that begins at `offset` and has this name. `buffer` is kept for its room.
pub(crate) fn parse(
    file: &File,
    offset: u64,
    id: BlockId,
    buffer: &mut Vec<u8>,
) -> io::Result<Parsed> {
    buffer.resize(LONGEST_BLOCK, 0);
    let length = read_at(file, buffer, offset)?;
    let bytes = &buffer[..length];
    let (mut position, mut records, mut is_whole) = (0, 0, true);
    let mut payload = Vec::new();
    loop {
        let Some(word) = bytes.get(position..).and_then(|rest| rest.first_chunk()) else {
            return Ok(Parsed::Damaged);
        };
        match Word::from_bits(u64::from_le_bytes(*word)) {
            word @ Word::Record { length, .. } => {
                let begin = position + WORD;
                let Some(body) = bytes.get(begin..begin + length as usize) else {
                    return Ok(Parsed::Damaged);
                };
                is_whole &= word.is_of(body);
                payload.extend(length.to_le_bytes());
                payload.extend_from_slice(body);
                records += 1;
                position += footprint(body.len());
            }
            Word::Seal { count } => {
                let length = position + WORD;
                if !is_whole || count != records || records == 0 {
                    return Ok(Parsed::Lost(length));
                }
                let block = Block::of_clicks(id, count, payload);
                return Ok(Parsed::Block(block, length));
            }
            Word::End if records == 0 => return Ok(Parsed::End),
            Word::Nothing if is_whole => {
                let length = position;
                return Ok(Parsed::Open { records, length });
            }
            Word::Nothing | Word::End | Word::Damaged => return Ok(Parsed::Damaged),
        }
    }
}
