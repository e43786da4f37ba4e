"""What X-Ray makes of segment documents: checked, compiled into traces, found by expressions, drawn as graphs."""
