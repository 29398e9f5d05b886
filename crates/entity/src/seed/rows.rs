use chrono::{DateTime, TimeDelta, Utc};
use uuid::{Builder, Uuid};

use super::draw::Draw;
use super::words::{BIOS, CONTEXTS, FAMILY_NAMES, GIVEN_NAMES, SENTENCES, SUBJECTS, TAGS, TASKS};
use super::{Plan, Stage};
use crate::{PasswordHash, Priority, Role, Visibility, note, note_tag, profile, tag, todo, todo_tag, user};

const TAGS_OF_A_USER: u32 = TAGS.len() as u32;
const USERS_WITH_TAGS: u32 = 1_000;
const LINKS_CYCLE: u32 = 3;

/// The rows of a plan, made one by one from their numbers, which count from 1.
pub(super) struct Rows<'a> {
    plan: Plan,
    password_hash: &'a str,
}

impl<'a> Rows<'a> {
    pub(super) fn new(plan: Plan, password_hash: &'a str) -> Self {
        Self { plan, password_hash }
    }

    pub(super) fn users(&self) -> (usize, impl Iterator<Item = user::Model> + Send) {
        (self.plan.users as usize, (1..=self.plan.users).map(|number| self.user(number)))
    }

    pub(super) fn profiles(&self) -> (usize, impl Iterator<Item = profile::Model> + Send) {
        (self.plan.users as usize, (1..=self.plan.users).map(|number| self.profile(number)))
    }

    pub(super) fn tags(&self) -> (usize, impl Iterator<Item = tag::Model> + Send) {
        let count = self.plan.users.min(USERS_WITH_TAGS) * TAGS_OF_A_USER;
        (count as usize, (1..=count).map(|number| self.tag(number)))
    }

    pub(super) fn todos(&self) -> (usize, impl Iterator<Item = todo::Model> + Send) {
        (self.plan.todos as usize, (1..=self.plan.todos).map(|number| self.todo(number)))
    }

    pub(super) fn notes(&self) -> (usize, impl Iterator<Item = note::Model> + Send) {
        (self.plan.notes as usize, (1..=self.plan.notes).map(|number| self.note(number)))
    }

    pub(super) fn todo_tags(&self) -> (usize, impl Iterator<Item = todo_tag::Model> + Send) {
        let link = |number, tag| todo_tag::Model {
            todo_id: self.id(Stage::Todos, number),
            tag_id: self.id(Stage::Tags, tag),
            created_at: created_at(Stage::Todos, number),
        };
        (
            self.link_count(self.plan.todos),
            self.links(Stage::TodoTags, self.plan.todos).map(move |(number, tag)| link(number, tag)),
        )
    }

    pub(super) fn note_tags(&self) -> (usize, impl Iterator<Item = note_tag::Model> + Send) {
        let link = |number, tag| note_tag::Model {
            note_id: self.id(Stage::Notes, number),
            tag_id: self.id(Stage::Tags, tag),
            created_at: created_at(Stage::Notes, number),
        };
        (
            self.link_count(self.plan.notes),
            self.links(Stage::NoteTags, self.plan.notes).map(move |(number, tag)| link(number, tag)),
        )
    }

    fn user(&self, number: u32) -> user::Model {
        let mut draw = self.draw(Stage::Users, number);
        let created_at = created_at(Stage::Users, number);
        user::Model {
            id: self.id(Stage::Users, number),
            email: format!("user{number}@example.test"),
            name: format!("{} {}", draw.one_of(&GIVEN_NAMES), draw.one_of(&FAMILY_NAMES)),
            role: if number == 1 { Role::Admin } else { Role::User },
            password_hash: PasswordHash::new(self.password_hash),
            created_at,
            updated_at: created_at,
        }
    }

    fn profile(&self, number: u32) -> profile::Model {
        let mut draw = self.draw(Stage::Profiles, number);
        let has_avatar = draw.below(2) == 1;
        profile::Model {
            user_id: self.id(Stage::Users, number),
            bio: draw.one_of(&BIOS).to_owned(),
            avatar_url: has_avatar.then(|| format!("https://example.test/avatars/{number}.png")),
            updated_at: created_at(Stage::Users, number),
        }
    }

    fn tag(&self, number: u32) -> tag::Model {
        let owner = (number - 1) / TAGS_OF_A_USER + 1;
        let name = TAGS[((number - 1) % TAGS_OF_A_USER) as usize];
        tag::Model {
            id: self.id(Stage::Tags, number),
            user_id: self.id(Stage::Users, owner),
            name: name.to_owned(),
            created_at: created_at(Stage::Tags, number),
        }
    }

    fn todo(&self, number: u32) -> todo::Model {
        let mut draw = self.draw(Stage::Todos, number);
        let created_at = created_at(Stage::Todos, number);
        let completed = number.is_multiple_of(3);
        let has_notes = draw.below(4) == 0;
        let is_due = draw.below(3) > 0;
        let due_at = created_at + TimeDelta::hours(1 + i64::from(draw.below(60 * 24)));
        todo::Model {
            id: self.id(Stage::Todos, number),
            user_id: self.owner_id(number),
            text: format!("{}{}", draw.one_of(&TASKS), draw.one_of(&CONTEXTS)),
            notes: has_notes.then(|| draw.one_of(&SENTENCES).to_owned()),
            completed,
            priority: draw.one_of(&[Priority::Low, Priority::Medium, Priority::Medium, Priority::High]),
            due_at: is_due.then_some(due_at),
            created_at,
            updated_at: if completed {
                created_at + TimeDelta::minutes(i64::from(draw.below(10_000)))
            } else {
                created_at
            },
            remind_at: None,
            reminded_for: None,
        }
    }

    fn note(&self, number: u32) -> note::Model {
        let mut draw = self.draw(Stage::Notes, number);
        let created_at = created_at(Stage::Notes, number);
        let sentences: Vec<&str> = (0..=draw.below(4)).map(|_| draw.one_of(&SENTENCES)).collect();
        note::Model {
            id: self.id(Stage::Notes, number),
            user_id: self.owner_id(number),
            title: format!("{} {}", draw.one_of(&SUBJECTS), 1 + draw.below(99)),
            body: sentences.join(" "),
            visibility: if number.is_multiple_of(3) { Visibility::Public } else { Visibility::Private },
            created_at,
            updated_at: created_at + TimeDelta::minutes(i64::from(draw.below(10_000))),
        }
    }

    /// Each todo or note with each of its tags. Different tags of its owner, since there are more tags than links of one.
    fn links(&self, stage: Stage, count: u32) -> impl Iterator<Item = (u32, u32)> + Send {
        (1..=count).flat_map(move |number| {
            let first = self.draw(stage, number).below(TAGS_OF_A_USER);
            (0..self.links_of(number)).map(move |link| {
                let tags_before = (self.owner(number) - 1) * TAGS_OF_A_USER;
                (number, tags_before + (first + link) % TAGS_OF_A_USER + 1)
            })
        })
    }

    fn link_count(&self, count: u32) -> usize {
        (1..=count).map(|number| self.links_of(number) as usize).sum()
    }

    fn links_of(&self, number: u32) -> u32 {
        // Every third row is completed or public. The quotient keeps these from having the same number of tags each.
        if self.owner(number) <= USERS_WITH_TAGS { number / 3 % LINKS_CYCLE } else { 0 }
    }

    fn owner(&self, number: u32) -> u32 {
        (number - 1) % self.plan.users + 1
    }

    fn owner_id(&self, number: u32) -> Uuid {
        self.id(Stage::Users, self.owner(number))
    }

    fn id(&self, stage: Stage, number: u32) -> Uuid {
        let milliseconds = created_at(stage, number).timestamp_millis().unsigned_abs();
        Builder::from_unix_timestamp_millis(milliseconds, &self.draw(stage, number).bytes()).into_uuid()
    }

    fn draw(&self, stage: Stage, number: u32) -> Draw {
        Draw::new(self.plan.seed, stage as u64, number)
    }
}

/// Rows are ten seconds apart in the order of their numbers, so that ids and times of creation sort as the numbers do.
fn created_at(stage: Stage, number: u32) -> DateTime<Utc> {
    // The first seconds of January, February, March and April 2026.
    let start = match stage {
        Stage::Users | Stage::Profiles => 1_767_225_600,
        Stage::Tags => 1_769_904_000,
        Stage::Todos | Stage::TodoTags => 1_772_323_200,
        Stage::Notes | Stage::NoteTags => 1_775_001_600,
    };
    DateTime::UNIX_EPOCH + TimeDelta::seconds(start + 10 * i64::from(number))
}
