"""A lesson's module belongs to the lesson's course: a composite foreign key, which Django's ORM cannot state."""

from django.db import migrations

FORWARD = """
ALTER TABLE courses_module ADD CONSTRAINT module_id_course UNIQUE (id, course_id);
ALTER TABLE courses_lesson ADD CONSTRAINT lesson_module_in_course
    FOREIGN KEY (module_id, course_id) REFERENCES courses_module (id, course_id) DEFERRABLE INITIALLY DEFERRED;
"""
BACKWARD = """
ALTER TABLE courses_lesson DROP CONSTRAINT lesson_module_in_course;
ALTER TABLE courses_module DROP CONSTRAINT module_id_course;
"""


class Migration(migrations.Migration):
    dependencies = [("courses", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
